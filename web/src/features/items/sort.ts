/** The order of the library: that of the address, else the one that the user chose last. */
import { getRouteApi } from "@tanstack/react-router";
import { SORTS, type Sort } from "@/api/queries";
import { announce, keepSort, useChosenSort } from "@/lib/preferences";

const route = getRouteApi("/library");
export const DEFAULT_SORT: Sort = "-created";

export function useSort(): [sort: Sort, choose: (sort: Sort) => void] {
  const { sort } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = useChosenSort() as Sort | undefined;
  const known = chosen && SORTS.includes(chosen) ? chosen : DEFAULT_SORT;
  return [
    sort ?? known,
    (wanted) => {
      keepSort(wanted);
      announce({ sort: wanted });
      void navigate({
        search: (before) => ({ ...before, sort: wanted === DEFAULT_SORT ? undefined : wanted }),
        replace: true,
      });
    },
  ];
}
