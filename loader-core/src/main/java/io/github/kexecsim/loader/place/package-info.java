/** Where kexec_file_load puts things. */
package io.github.kexecsim.loader.place;
