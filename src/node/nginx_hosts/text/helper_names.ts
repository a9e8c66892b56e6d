/** The helpers of templates beside Handlebars' `if`, `unless`, `each`, `with`. */
export const helperNames = ["argument", "words", "quoted", "listen", "upstream", "upstreams", "eq", "not", "has"] as const;
export type HelperName = (typeof helperNames)[number];
