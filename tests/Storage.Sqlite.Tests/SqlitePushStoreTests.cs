using Lockstep.Core.Push;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Push;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqlitePushStoreTests : PushStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IPushStore Store => new SqlitePushStore(database.Database);

    public void Dispose() => database.Dispose();
}
