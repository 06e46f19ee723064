/**
 * Where kexec_file_load puts things; and where they go on the other courses ({@link
 * io.github.kexecsim.loader.place.Strategy}).
 */
package io.github.kexecsim.loader.place;
