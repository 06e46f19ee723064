/** Flattened device trees: read, edited in place as libfdt does, and packed. */
package io.github.kexecsim.loader.fdt;
