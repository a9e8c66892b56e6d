-- Over the emitted Lua: only globals are of interest (codes 1xx), the compiler leaves variables unused.
std = "ngx_lua"
only = { "1" }
max_line_length = false
-- The compiler's own library, which looks for what other Lua versions have.
exclude_files = { "**/lualib_bundle.lua" }
-- Named on the path that only Node takes.
files["**/core/buffer.lua"] = { read_globals = { "Float64Array", "Uint32Array", "ArrayBuffer", "Uint16Array", "Uint8Array" } }
files["**/core/byte_text.lua"] = { read_globals = { "TextEncoder", "TextDecoder" } }
files["**/core/native.lua"] = { read_globals = { "Number" } }
