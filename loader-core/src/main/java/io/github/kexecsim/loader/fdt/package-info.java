/**
 * Flattened device trees: read, edited in place as libfdt does, packed, and built from nothing.
 *
 * <p>{@link FlattenedDeviceTree} is what a blob says, {@link FdtEditor} changes it with libfdt's
 * effect on its size, {@link KexecDeviceTree} makes the tree that kexec_file_load hands over,
 * {@link DeviceTreeMemory} is what a tree says of memory, and {@link FdtBuilder} writes new trees.
 * The format is the Devicetree Specification's, chapter 5.
 */
package io.github.kexecsim.loader.fdt;
