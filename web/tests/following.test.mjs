// Channels and lists that are followed, on a server of their own. The parts build on each other.
import "./parts/following.mjs";
import { firstAccount } from "./harness.mjs";
import { world } from "./world.mjs";

world.env = { ...world.env, MEDIAFETCHER_HOUSEKEEPING_SECONDS: "3600" }; // what would be removed is looked at first
world.begin = async () => {
  await firstAccount(world.page, world.server);
  await world.page.reload();
};
