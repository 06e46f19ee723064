/** Checked access to bytes that strangers wrote. */
package io.github.kexecsim.loader.bytes;
