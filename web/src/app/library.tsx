/** The library is two features side by side: the items, and on a phone the folders in a drawer. */
import { FolderTree } from "@/features/folders/folder-tree";
import { Library } from "@/features/items/library";
import { LibraryPlaces } from "./library-places";

export function LibraryRoute() {
  return (
    <Library
      folders={(current, close) => (
        <>
          <LibraryPlaces onPick={close} />
          <FolderTree current={current} onPick={close} />
        </>
      )}
    />
  );
}
