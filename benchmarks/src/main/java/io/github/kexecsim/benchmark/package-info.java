/** JMH benchmarks of codecs and whole loads, on any kernel file: see the module's README. */
package io.github.kexecsim.benchmark;
