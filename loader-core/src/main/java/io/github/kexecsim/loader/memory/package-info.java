/**
 * Physical memory: ranges, maps, and the readers of the ways in which Linux and firmware print
 * them.
 *
 * <p>Each reader is a {@code parse} method on the record that it gives: {@link
 * io.github.kexecsim.loader.memory.Iomem} for {@code /proc/iomem}, {@link
 * io.github.kexecsim.loader.memory.Memblock} for memblock's debugfs files, {@link
 * io.github.kexecsim.loader.memory.BootLog} for e820 tables and EFI memory maps. What a hole search
 * walks comes as a list of {@link io.github.kexecsim.loader.memory.PhysRange}, ascending and
 * disjoint, in which neighbours that touch stay apart: no hole spans two of them.
 */
package io.github.kexecsim.loader.memory;
