/**
 * The {@code kexec-sim} command: reads files, asks the library, and shows the answer as text or
 * JSON. {@link io.github.kexecsim.cli.Main} dispatches; each command is a class with its own {@link
 * io.github.kexecsim.cli.Syntax}, from which both its parser and its help are made.
 */
package io.github.kexecsim.cli;
