/** What the launcher {@code bin/kexec-sim} needs to start the command fast. */
package io.github.kexecsim.launch;
