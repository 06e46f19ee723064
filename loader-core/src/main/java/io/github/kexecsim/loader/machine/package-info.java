/** A machine as its running kernel knows it: all that decides where kexec_file_load puts things. */
package io.github.kexecsim.loader.machine;
