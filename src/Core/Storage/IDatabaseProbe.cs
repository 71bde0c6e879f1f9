namespace Lockstep.Core.Storage;

/// <summary>Looks at one database of the store, for people. What requests depend on is said by <see cref="IStoreMaintenance.IsHealthyAsync"/>.</summary>
public interface IDatabaseProbe
{
    /// <summary>Looks once. The look takes part in no transaction and changes nothing.</summary>
    /// <param name="cancellationToken">Gives up waiting. The look itself goes on to its end.</param>
    /// <returns>The state; a database that cannot be reached is a state, too.</returns>
    ValueTask<DatabaseState> LookAsync(CancellationToken cancellationToken);
}
