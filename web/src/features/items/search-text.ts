import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useSettled } from "@/lib/settled";

const route = getRouteApi("/library");
const ASK = 150; // ms without a key before the server is asked
const PAUSE = 300; // ms without a key before the address says what is looked for

/** The text in the search box, and the `q` of the list. The address contains it too. */
export function useSearchText() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { history } = useRouter();
  const [typed, setTyped] = useState(search.q ?? "");
  const said = useRef(search.q); // what we last put into the address
  const q = useSettled(typed, ASK).trim();

  useEffect(() => {
    if (q === (search.q ?? "")) return; // nothing to say: it would only get in the way of going elsewhere
    const wait = setTimeout(() => {
      if (history.location.pathname !== route.id) return; // on the way to another page, whose code may still come
      said.current = q || undefined;
      void navigate({ search: (before) => ({ ...before, q: q || undefined }), replace: true });
    }, PAUSE);
    return () => clearTimeout(wait);
  }, [q, search.q, navigate, history]);
  useEffect(() => {
    if (search.q === said.current) return; // text of this box is ignored; other text (the back button) is copied to the box
    said.current = search.q;
    setTyped(search.q ?? "");
  }, [search.q]);

  return { typed, setTyped, q };
}
