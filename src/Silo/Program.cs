using Lockstep.Silo.Hosting;

return await LockstepProgram.RunAsync(args);
