/** One section of the settings, or the page of an unknown address. */
import { SettingsSection } from "@/features/settings/settings";
import { NotFound } from "./not-found";

export { SettingsIndex } from "@/features/settings/settings";

export const SettingsRoute = () => <SettingsSection notFound={<NotFound />} />;
