import { expect, it, vi } from "vitest";
import { runRolecall } from "../cli/run-rolecall.js";
import { doctorPicture, MACHINES, pictureFile, setUpMachine } from "../support/doctor-machines.js";

/** Run `npm run docs:images` to update them. */
it.each(Object.entries(MACHINES))(
  "the picture of rolecall doctor on a %s machine is current",
  async (name, machine) => {
    const { aws, args } = await setUpMachine(machine);
    for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
    const { code, output } = await runRolecall(args, {}, { isTTY: true });
    expect(code).toBe(machine.code);
    await expect(doctorPicture(name, output)).toMatchFileSnapshot(pictureFile(name));
  },
);
