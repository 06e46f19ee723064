/**
 * Kernel image formats: probing, parsing, the layers of images in images, and writing zboot.
 *
 * <p>{@link io.github.kexecsim.loader.image.ImageProbe} tells what a file is; each format is a
 * record under {@link io.github.kexecsim.loader.image.KernelImage} that says what its header says.
 * The formats that kexec_file_load itself takes are headers only: they parse from a file's first
 * bytes and its size, with the kernel's own test. {@link io.github.kexecsim.loader.image.Layers}
 * goes from a file down to the kernel in it, and {@link
 * io.github.kexecsim.loader.image.ZbootWriter} the other way.
 *
 * <p>A new format is a record with a test and a parser, and a row in the probe's table.
 */
package io.github.kexecsim.loader.image;
