import { cloneElement, type ReactElement } from "react";

type Props = {
  label: string;
  children: ReactElement<{ "data-tip"?: string; "data-tip-side"?: string }>;
  side?: "top" | "end";
};

/** A word over a button that shows only an icon; drawn by styles.css, so it costs no code. The button has its own label. */
export const Tip = ({ label, children, side = "top" }: Props) =>
  cloneElement(children, { "data-tip": label, "data-tip-side": side });
