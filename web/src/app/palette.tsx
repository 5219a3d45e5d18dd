/** The palette, with the pages of the app. */
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import type { Entry } from "@/features/palette/entries";
import { Palette } from "@/features/palette/palette";
import { titleOf, visibleGroups } from "@/features/settings/sections";
import { useI18n } from "@/i18n";
import { OTHERS, PLACES } from "./places";

export default function AppPalette({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const admin = !!useQuery(sessionQuery).data?.user?.admin;
  const pages = [...PLACES, ...OTHERS].map(
    (each): Entry => ({ id: each.to, label: t(each.key), picture: <each.icon />, href: each.to }),
  );
  const sections = visibleGroups(admin)
    .flatMap(({ sections }) => sections)
    .map(
      (each): Entry => ({
        id: `settings-${each.name}`,
        label: titleOf(each, t),
        about: t("nav.settings"),
        picture: <each.icon />,
        href: `/settings/${each.name}`,
      }),
    );
  return <Palette pages={[...pages, ...sections]} onClose={onClose} />;
}
