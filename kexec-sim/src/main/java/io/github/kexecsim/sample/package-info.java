/**
 * What can be loaded where nothing else is at hand: small kernels of our own that really run, and
 * descriptions of the machines that QEMU calls virt and q35.
 */
package io.github.kexecsim.sample;
