/** The text in the box for links: kept until it is sent, whatever happens to the page. */
const KEY = "mf.add";

export const draft = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text: string) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY)),
};
