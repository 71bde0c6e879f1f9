namespace Lockstep.Gateway.Protocol;

/// <summary>Tests that look at what the whole process measures: while they run no other test starts or ends a server in it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class WholeProcess
{
    public const string Name = "The whole process";
}
