package io.github.kexecsim.cli;

import io.github.kexecsim.loader.machine.Machine;

/**
 * The machine that a load is planned for.
 *
 * @param machine the machine
 * @param source where its description comes from, in words
 */
record ChosenMachine(Machine machine, String source) {}
