/** Kernel image formats: probing, parsing, and the layers of images in images. */
package io.github.kexecsim.loader.image;
