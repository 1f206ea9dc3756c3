/** The sign of Bursar. */
export const Mark = () => (
  <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="var(--ink)" />
    <path
      d="M10 8h7a4 4 0 0 1 0 8h-7zm0 8h8a4 4 0 0 1 0 8h-8z"
      fill="none"
      stroke="var(--on-ink)"
      strokeWidth="2.5"
      strokeLinejoin="round"
    />
  </svg>
)
