using Lockstep.Silo.Hosting;

// The server in its roles, and the commands.
return await new LockstepProgram<MemberOptions>(
    "runs the server as --role single, all, silo or gateway",
    MemberSettings.Problems,
    static (options, configuration, storage) => options.Role is MemberRole.Single
        ? LockstepServer.Build(options, configuration, storage, TimeProvider.System)
        : MemberServer.Build(options, configuration, storage, TimeProvider.System)).RunAsync(args);
