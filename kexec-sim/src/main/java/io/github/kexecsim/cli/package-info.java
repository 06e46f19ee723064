/**
 * The {@code kexec-sim} command: reads files, asks the library, and shows the answer as text or
 * JSON. {@link io.github.kexecsim.cli.Main} dispatches; each command is a class with its own {@link
 * io.github.kexecsim.cli.Syntax}, from which both its parser and its help are made.
 *
 * <p>Options are parsed here, without a library: picocli's classes cost about 115 ms of CPU on
 * every start, because class data sharing does not take them (picocli issue 1623), and a whole load
 * takes little more than that.
 */
package io.github.kexecsim.cli;
