using Lockstep.Gateway.Hosting;
using Lockstep.Silo.Hosting;

// A member of the cluster, and the commands.
return await new LockstepProgram<MemberOptions>(
    "joins the cluster as --role all, silo or gateway",
    MemberSettings.Problems,
    static (options, configuration, storage) => MemberServer.Build(options, configuration, storage, TimeProvider.System)).RunAsync(args);
