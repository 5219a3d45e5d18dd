import { encode } from "uqr";

/** A text as a picture that cameras read: one path, so that nothing of the text becomes markup. */
export default function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="w-44 shrink-0 rounded-lg bg-white"
    >
      <path d={path} fill="black" />
    </svg>
  );
}
