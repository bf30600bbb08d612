#include "app/commands.h"

int main(int argc, char** argv) { return kairos::app::run(argc, argv); }
