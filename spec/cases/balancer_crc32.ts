/** CRC-32 bit by bit, by arithmetic alone: slow, and nothing that the balancer's own could share a fault with. */
export function plainCrc32(bytes: string): number {
  let register = 4294967295;
  for (let i = 0; i < bytes.length; i++) {
    register = exclusiveOr(register, bytes.charCodeAt(i));
    for (let bit = 0; bit < 8; bit++) {
      const half = Math.floor(register / 2);
      register = register % 2 === 1 ? exclusiveOr(half, 3988292384) : half;
    }
  }
  return 4294967295 - register;
}

function exclusiveOr(left: number, right: number): number {
  let result = 0;
  let unit = 1;
  let a = left;
  let b = right;
  while (a > 0 || b > 0) {
    if (a % 2 !== b % 2) {
      result += unit;
    }
    a = Math.floor(a / 2);
    b = Math.floor(b / 2);
    unit *= 2;
  }
  return result;
}

/** The points of a server as nginx's source describes them: of its host, a zero byte, its port and the point before. */
export function plainPoints(host: string, port: string, count: number): number[] {
  const points: number[] = [];
  let point = 0;
  for (let i = 0; i < count; i++) {
    const bytes = [0, 1, 2, 3].map((byte) => String.fromCharCode(Math.floor(point / 256 ** byte) % 256));
    point = plainCrc32(`${host}\0${port}${bytes.join("")}`);
    points.push(point);
  }
  return points;
}
