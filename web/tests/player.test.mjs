// The player of the session, on a server of its own.
import "./parts/session.mjs";
import "./parts/unbroken.mjs";
import { firstAccount } from "./harness.mjs";
import { listed, world } from "./world.mjs";

world.begin = async () => {
  await firstAccount(world.page, world.server);
  await world.page.reload();
};

listed("The player of the session");
