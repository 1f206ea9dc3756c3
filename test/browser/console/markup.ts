/** A name that a page must show as text. As markup, it would open an alert. */
export const MARKUP = '<img src=x onerror=alert(1)>'
