import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Composer } from "./composer";

const route = getRouteApi("/");

/** The box with the link that another app shared with this page. It is taken once: a reload does not bring it back. */
export function SharedComposer() {
  const { url } = route.useSearch();
  const navigate = route.useNavigate();
  const [shared] = useState(url);
  useEffect(() => {
    if (url) void navigate({ search: {}, replace: true });
  }, [url, navigate]);
  return <Composer text={shared} />;
}
