/**
 * Returns a content security policy for a page that consists of files of this server. Scripts and
 * styles within the page need their hashes in `scripts` and `styles`. Further directives are in
 * `more`.
 */
export const contentPolicy = ({
  scripts = [],
  styles = [],
  more = [],
}: {
  scripts?: readonly string[]
  styles?: readonly string[]
  more?: readonly string[]
}): string =>
  [
    "default-src 'none'",
    ["script-src 'self'", ...scripts].join(' '),
    ["style-src 'self'", ...styles].join(' '),
    // Stylesheets contain icons.
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    ...more,
  ].join('; ')
