export const KEYS = [
  ["/", "lib.search"],
  ["↵", "lib.play"],
  ["X", "lib.select"],
  ["M", "lib.move"],
  ["C", "lib.copy"],
  ["D", "lib.download"],
  ["F2", "lib.rename"],
  ["Del", "lib.delete"],
  ["Ctrl+A", "lib.selectAll"],
  ["Esc", "lib.clear"],
  ["?", "lib.shortcuts"],
] as const;
