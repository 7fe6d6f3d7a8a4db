# Writes a source for the host that includes one of CUDA and registers its kernels by name.
# COMPILER, SOURCE (.cu), INCLUDE (folder of device.h), OUTPUT. A kernel is `extern "C" __global__ void vesalius_NAME(...) {`,
# with or without __launch_bounds__ before its name; macros are expanded before it is looked for.
execute_process(COMMAND ${COMPILER} -E -P -x c++ -std=c++17 -DVESALIUS_SIMULATED -I${INCLUDE} ${SOURCE}
                OUTPUT_VARIABLE text RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${SOURCE} cannot be preprocessed")
endif()
if(text MATCHES "extern[ \n]+__shared__")
  message(FATAL_ERROR "${SOURCE}: `extern __shared__` is not simulated; use SHARED_BUFFER of device.h")
endif()
set(generated "// Generated of ${SOURCE}; do not change.\n#include \"launch.h\"\n#include \"${SOURCE}\"\n")
# Brackets would take part in CMake's lists.
string(REGEX REPLACE "[][]" "" text "${text}")
string(REGEX MATCHALL
       "extern[ \n]+\"C\"[ \n]+__global__[ \n]+void[ \n]+(__launch_bounds__[ \n]*\\([^)]*\\)[ \n]+)?vesalius_[A-Za-z0-9_]+[ \n]*\\([^);{]*\\)[ \n]*{"
       kernels "${text}")
foreach(kernel IN LISTS kernels)
  string(REGEX MATCH "vesalius_[A-Za-z0-9_]+" name "${kernel}")
  set(threads 1024)
  if(kernel MATCHES "__launch_bounds__[ \n]*\\(([^,)]*)")
    set(threads "${CMAKE_MATCH_1}")
  endif()
  string(APPEND generated "static const simt::Registration<${name}> registration_of_${name}(\"${name}\", ${threads});\n")
endforeach()
file(WRITE ${OUTPUT} "${generated}")
