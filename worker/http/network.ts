/**
 * What requests are counted by, of a client's address: IPv4 as it is, IPv6 without the half that whoever has one network
 * may choose at will. It is counted with, and neither logged nor stored.
 */
export function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const host = URL.parse(`http://[${address.replace(/%.*$/, '')}]`)?.hostname;
  if (host === undefined) return 'unknown';
  const [head = '', tail] = host.slice(1, -1).split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const all =
    tail === undefined ? groups : [...groups, ...Array<string>(8 - groups.length - after.length).fill('0'), ...after];
  return `${all.slice(0, 4).join(':')}::/64`;
}
