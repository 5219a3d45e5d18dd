// What a screen reader misses on a page.
const NAMED =
  /^(button|link|textbox|searchbox|combobox|checkbox|radio|switch|slider|spinbutton|tab|menuitem|treeitem|gridcell|option|progressbar|img|image|navigation|region|dialog|toolbar|tree|grid)$/;

/** The tree of accessibility as the browser hands it to a screen reader: roles and names. */
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, properties = [] }) => ({
      role: role?.value ?? "",
      name: name?.value?.trim() ?? "",
      level: properties.find((each) => each.name === "level")?.value.value,
    }));
}

/** Every fault of what is shown now, in words. */
export async function faults(page) {
  const nodes = await tree(page);
  const wrong = nodes
    .filter(({ role, name }) => NAMED.test(role) && !name)
    .map(({ role }) => `a ${role} without a name`);
  const levels = nodes.filter(({ role }) => role === "heading").map(({ level }) => level);
  if (levels.filter((level) => level === 1).length !== 1) wrong.push(`headings of level 1: ${levels}`);
  for (const [i, level] of levels.entries())
    if (i && level > levels[i - 1] + 1) wrong.push(`a level is skipped: ${levels}`);
  if (nodes.filter(({ role }) => role === "main").length !== 1) wrong.push("not one main part");
  const landmarks = nodes
    .filter(({ role }) => role === "navigation" || role === "region")
    .map(({ role, name }) => `${role} ${name}`);
  for (const each of landmarks)
    if (landmarks.indexOf(each) !== landmarks.lastIndexOf(each)) wrong.push(`twice: ${each}`);
  return [...new Set(wrong)];
}
