/** Where the code of a run can be looked at. */

/** The address of a repository as a link, where it is one of the web; null for anything else. */
export function linkTo(remote: string | null | undefined): string | null {
  if (remote == null) return null;
  // `git@host:path` is what people clone by; the page of it stands at the same place.
  const shorthand = /^(?:ssh:\/\/)?git@([\w.-]+)[:/](?!\/)([\w./~-]+?)(?:\.git)?$/.exec(remote);
  const text = shorthand ? `https://${shorthand[1]}/${shorthand[2]}` : remote.replace(/\.git$/, '');
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}
