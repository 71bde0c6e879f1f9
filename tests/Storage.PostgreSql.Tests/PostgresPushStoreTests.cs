using Lockstep.Core.Push;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Push;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresPushStoreTests(TestDatabase database) : PushStoreContract, IClassFixture<TestDatabase>
{
    protected override IPushStore Store => new PostgresPushStore(database.Database);
}
