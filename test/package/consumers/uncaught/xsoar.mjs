import { instanceFromParams } from "aws-rolecall/xsoar";

instanceFromParams({ timeout: "never" });
