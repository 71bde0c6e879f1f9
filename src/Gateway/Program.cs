using Lockstep.Gateway.Hosting;

// The single-node server, and its commands.
return await new LockstepProgram<LockstepOptions>(
    "runs the server on --data-directory PATH",
    static _ => [],
    static (options, configuration, storage) => LockstepServer.Build(options, configuration, storage, TimeProvider.System)).RunAsync(args);
