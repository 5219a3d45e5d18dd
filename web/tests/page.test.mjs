// The whole way of a person through the page, on a real server with real downloads. The parts build on each other.
import "./parts/first.mjs";
import "./parts/downloads.mjs";
import "./parts/queue.mjs";
import "./parts/library.mjs";
import "./parts/many.mjs";
import "./parts/settings.mjs";
import "./parts/whole.mjs";
import { listed } from "./world.mjs";

listed("The whole way");
