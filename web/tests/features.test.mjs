// What the page offers beyond the whole way of page.test.mjs, on a server of its own. The parts build on each other.
import "./parts/composer.mjs";
import "./parts/places.mjs";
import "./parts/palette.mjs";
import "./parts/again.mjs";
import "./parts/several.mjs";
import "./parts/people.mjs";
import "./parts/administration.mjs";
import "./parts/notifications.mjs";
import "./parts/look.mjs";
import { firstAccount } from "./harness.mjs";
import { listed, world } from "./world.mjs";

world.begin = async () => {
  await firstAccount(world.page, world.server);
  await world.page.reload();
};

listed("Feature by feature");
