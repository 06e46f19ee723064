/**
 * How much input may make its reader do, all in one place: {@link
 * io.github.kexecsim.loader.limit.Limit} names what is bounded, {@link
 * io.github.kexecsim.loader.limit.Limits} holds a value for each.
 *
 * <pre>{@code
 * Limits limits = Limits.DEFAULT.with(Limit.DECOMPRESSED, 64 << 20).with(Limit.LAYERS, 3);
 * List<Layer> layers = Layers.of(file, limits);
 * }</pre>
 *
 * <p>Whatever goes beyond one is refused with {@link
 * io.github.kexecsim.loader.error.Reason#LIMIT_EXCEEDED}, before memory for it is allocated.
 */
package io.github.kexecsim.loader.limit;
