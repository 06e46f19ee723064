/**
 * Planning a load. {@link io.github.kexecsim.loader.KexecFileLoader} takes a {@link
 * io.github.kexecsim.loader.LoadRequest}, an image file on a {@link
 * io.github.kexecsim.loader.machine.Machine}, and gives a {@link
 * io.github.kexecsim.loader.LoadPlan}: where every segment lands, or why none does.
 *
 * <p>The packages below, each using only those before it: {@code error}, {@code bytes}, {@code
 * memory} and {@code fdt} (what describes memory), {@code report} (what is told of a file), {@code
 * machine}, {@code codec}, {@code pe} and {@code uki} (EFI applications), {@code image} (what wraps
 * a kernel), {@code x86} (what a bzImage does before the kernel runs), {@code place} (where things
 * go), {@code kaslr} (where the kernel moves then) and {@code record} (what real kernels did).
 */
package io.github.kexecsim.loader;
