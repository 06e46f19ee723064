/**
 * SHA-256 digests that cost a load next to nothing: {@link
 * io.github.kexecsim.loader.digest.Digests} computes them beside the decompressor instead of after
 * it.
 */
package io.github.kexecsim.loader.digest;
