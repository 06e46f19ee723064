/**
 * Physical memory: ranges, maps, and the readers of the ways in which Linux and firmware print
 * them.
 */
package io.github.kexecsim.loader.memory;
