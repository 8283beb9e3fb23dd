/** The product's mark. The name stands beside it, so it is decoration. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 1024 1024" aria-hidden="true">
      <rect width="1024" height="1024" rx="240" fill="var(--accent)" />
      <path
        fill="var(--on-accent)"
        d="M340 752V272h214a178 178 0 0 1 70 342l92 138H597L506 614h-66v138zm100-234h114a78 78 0 0 0 0-156H440z"
      />
    </svg>
  );
}
